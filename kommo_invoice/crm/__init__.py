"""CRM providers: one module or package each, all behind ``crm.base.Crm``."""
